// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// The settings of every Swift target: no implicit existentials or re-exports, and no warning survives.
let house: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

func exists(_ path: String) -> Bool {
  FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + path)
}

/// A target appears when its folder does.
func present(_ uses: [String]) -> [Target.Dependency] {
  uses.filter { exists("Sources/\($0)") || exists("Tests/\($0)") }.map { .byName(name: $0) }
}

/// Golden texts and recorded pages are read where they lie.
func goldens(of tests: String) -> [String] {
  ["Broken", "Golden", "Samples"].filter { exists("Tests/\(tests)/\($0)") }
}

/// A library module and, when they exist, its tests.
func module(_ name: String, uses: [String] = [], testUses: [String] = []) -> [Target] {
  guard exists("Sources/\(name)") else { return [] }
  var targets: [Target] = [.target(name: name, dependencies: present(uses), swiftSettings: house)]
  let tests = name + "Tests"
  // Any test may draw numbers that a seed repeats.
  let randomness = uses.contains("Randomness") ? [] : ["Randomness"]
  if exists("Tests/\(tests)") {
    targets.append(
      .testTarget(
        name: tests, dependencies: present([name] + uses + testUses + randomness),
        exclude: goldens(of: tests), swiftSettings: house))
  }
  return targets
}

func executable(_ name: String, uses: [String]) -> [Target] {
  guard exists("Sources/\(name)") else { return [] }
  let tests =
    exists("Tests/\(name)Tests")
    ? [testTarget(name + "Tests", uses: [name] + uses, except: goldens(of: name + "Tests"))] : []
  return [.executableTarget(name: name, dependencies: present(uses), swiftSettings: house)] + tests
}

func testTarget(_ name: String, uses: [String], except files: [String] = []) -> Target {
  .testTarget(name: name, dependencies: present(uses), exclude: files, swiftSettings: house)
}

/// A program that tests run in the place of a real one.
func testTool(_ name: String, uses: [String]) -> [Target] {
  guard exists("Tests/\(name)") else { return [] }
  return [
    .executableTarget(name: name, dependencies: present(uses), path: "Tests/\(name)", swiftSettings: house)
  ]
}

/// A C library that tests open by name in the place of a real one.
func testLibrary(_ name: String, uses: [String]) -> [Target] {
  guard exists("Tests/\(name)") else { return [] }
  return [.target(name: name, dependencies: present(uses), path: "Tests/\(name)")]
}

/// Benchmarks live beside the sources, one executable per question.
func benchmark(_ name: String, uses: [String]) -> [Target] {
  guard exists("Benchmarks/\(name)") else { return [] }
  return [
    .executableTarget(
      name: name, dependencies: present(uses), path: "Benchmarks/\(name)", swiftSettings: house)
  ]
}

func system(_ name: String, pkgConfig: String? = nil, apt: String) -> [Target] {
  guard exists("Sources/\(name)") else { return [] }
  return [.systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])]
}

func shim(_ name: String, cxx: Bool = false, links: [String] = []) -> [Target] {
  guard exists("Sources/\(name)") else { return [] }
  return [.target(name: name, linkerSettings: links.map { .linkedLibrary($0) })]
}

let shims: [[Target]] = [
  shim("CLinux"),
  shim("CKernels"),
  shim("CNVML"),
  shim("CSimdJSON", cxx: true, links: ["simdjson"]),
  system("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
  system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
  system("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
  system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
  system("CTerminfo", apt: "libncursesw5-dev"),
]

let modules: [[Target]] = [
  module("Randomness"),
  module("Platform", uses: ["CLinux"]),
  module("JSON"),
  module("Telemetry"),
  module("HTTP", uses: ["Platform"]),
  module("OpenAI", uses: ["CSimdJSON", "JSON"]),
  module("Manifest", uses: ["CYAML"]),
  module("ControlAPI"),
  module("History", uses: ["Telemetry"]),
  module("WebClient", uses: ["CCurl", "Platform"]),
  testLibrary("nvmlstub", uses: ["CNVML"]),
  module(
    "Machines", uses: ["CNVML", "ControlAPI", "Platform", "Telemetry", "WebClient"], testUses: ["HTTP"]),
  module("VLLM", uses: ["Manifest", "Platform", "Telemetry"]),
  module("Tensors", uses: ["JSON", "COpenBLAS", "CKernels"]),
  module("Tokenizer", uses: ["JSON"]),
  module("Model", uses: ["JSON", "Tensors"]),
  module("Scheduling"),
  module("ExpertParallel", uses: ["Platform"]),
  module(
    "Engine",
    uses: [
      "Platform", "JSON", "Telemetry", "HTTP", "OpenAI", "Tensors", "Tokenizer", "Model", "Scheduling",
      "ExpertParallel",
    ], testUses: ["Ingress", "Routing"]),
  module("HAProxy", testUses: ["Platform"]),
  module("Routing", uses: ["Randomness"]),
  module("Ingress", uses: ["Platform", "JSON", "Telemetry", "HTTP", "OpenAI", "Randomness", "Routing"]),
  module("Deployment", uses: ["HAProxy", "Manifest", "ControlAPI"]),
  module("Ray", uses: ["ControlAPI", "Deployment", "JSON", "Manifest"]),
  module("Interchange", uses: ["Deployment", "Manifest", "VLLM"], testUses: ["JSON"]),
  module(
    "RayClient", uses: ["Attachment", "JSON", "Platform", "Ray", "Telemetry", "WebClient"],
    testUses: ["ControlAPI", "HTTP"]),
  module("Planning", uses: ["JSON"]),
  module("Diagnosis", uses: ["ControlAPI", "Manifest"]),
  module("Supervision", uses: ["Platform"]),
  module(
    "Attachment",
    uses: ["ControlAPI", "JSON", "Machines", "Platform", "Supervision", "Telemetry", "WebClient"]),
  module(
    "Controller",
    uses: [
      "Platform", "Telemetry", "HTTP", "Machines", "Manifest", "VLLM", "ControlAPI", "Deployment",
      "Diagnosis",
      "Supervision", "ExpertParallel", "HAProxy", "History", "JSON", "Attachment", "Ray", "RayClient",
      "CSQLite",
    ], testUses: ["dpfake", "ControlClient"]),
  testTool("dpfake", uses: ["HTTP", "Platform", "Telemetry"]),
  module("ControlClient", uses: ["Platform", "HTTP", "JSON", "ControlAPI"]),
  module("CommandLine", uses: ["Manifest"]),
  module("Terminal", uses: ["CTerminfo"]),
  module(
    "Console",
    uses: [
      "Platform", "ControlAPI", "ControlClient", "Machines", "Manifest", "Deployment", "Diagnosis",
      "CommandLine", "Terminal", "Attachment", "JSON", "Supervision", "Telemetry",
    ]),
]

let tools: [[Target]] = [
  executable(
    "dpdeploy",
    uses: [
      "Attachment", "CommandLine", "ControlAPI", "ControlClient", "Deployment", "Diagnosis", "HTTP",
      "Interchange",
      "JSON", "Machines", "Manifest", "Planning", "Platform", "Randomness", "Ray", "RayClient", "Supervision",
      "Terminal", "VLLM",
    ]),
  executable("dpdeployd", uses: ["CommandLine", "ControlAPI", "Controller", "Manifest", "Platform"]),
  executable(
    "dptop", uses: ["Attachment", "CommandLine", "Console", "ControlAPI", "Platform", "Terminal"]),
  executable("dpingress", uses: ["CommandLine", "Ingress", "Platform", "Routing"]),
  executable("dpengine", uses: ["Platform", "CommandLine", "Engine"]),
]

/// Tests that drive the built tools from outside, so all of these must be there first.
let endToEnd = [
  testTarget(
    "EndToEndTests",
    uses: [
      "dpdeploy", "dpdeployd", "dptop", "dpingress", "dpengine", "dpfake", "CSQLite", "ControlAPI",
      "ControlClient", "HTTP", "JSON", "Platform", "Randomness", "Supervision",
    ],
    except: [
      "adapters.py", "check_status.py", "client.py", "commands.txt", "console", "litellm_client.py",
      "requirements.txt", "vllm", "vllm_bench.py",
    ])
].filter { exists("Tests/\($0.name)") }

let benchmarks: [[Target]] = [
  benchmark("Accuracy", uses: ["JSON", "Model", "Tensors"]),
  benchmark("AllToAll", uses: ["ExpertParallel", "Platform"]),
  benchmark("DecodeThroughput", uses: ["Model", "Tensors"]),
  benchmark("MetricsPage", uses: ["Telemetry"]),
  benchmark("RayPoll", uses: ["Attachment", "HTTP", "JSON", "Platform", "Ray", "RayClient"]),
  benchmark("StateMachine", uses: ["ControlAPI", "Deployment"]),
  benchmark("StepLoop", uses: ["ExpertParallel", "Model", "Platform", "Tensors"]),
]

let package = Package(
  name: "dpdeploy",
  products: [.library(name: "nvmlstub", type: .dynamic, targets: ["nvmlstub"])]
    .filter { exists("Tests/\($0.name)") },
  targets: (shims + modules + tools + benchmarks + [endToEnd]).flatMap(\.self),
  swiftLanguageModes: [.v6]
)
