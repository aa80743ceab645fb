import CommandLine
import Engine
import Platform

let words = Array(Swift.CommandLine.arguments.dropFirst())
if words == ["--man"] {
  print(
    ManualPage(.engine, version: Version.current, seeAlso: ["dpdeploy", "dpingress"]).text, terminator: "")
} else {
  EngineProcess.main(words)
}
