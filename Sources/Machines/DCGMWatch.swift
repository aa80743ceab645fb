import ControlAPI
import Platform
import Telemetry
import WebClient

/// Exporters of NVIDIA's data centre GPU manager, and what they told last.
@Loop
final class DCGMWatch {
  private struct Exporter {
    let request: WebRequest
    var machines: [MachineStatus] = []
    var readAt: Instant?
    var problem: String?
  }

  private var exporters: [Exporter]
  private lazy var client = WebClient()
  private var isReading = false

  private static let patience = Duration.seconds(2)

  /// Watches the pages at these URLs.
  init(_ urls: [String]) { exporters = urls.map { Exporter(request: WebRequest(url: $0)) } }

  /// Has all pages read, unless they are being read; returns at once.
  func look() {
    guard !exporters.isEmpty, !isReading else { return }
    Loop.task { await self.read() }
  }

  /// Reads all pages.
  func read() async {
    guard !exporters.isEmpty else { return }
    isReading = true
    let answers = await client.fetch(exporters.map(\.request), until: .after(Self.patience))
    isReading = false
    for (place, answer) in answers.enumerated() { take(answer, place) }
  }

  private func take(_ answer: Result<WebResponse, WebError>, _ place: Int) {
    let url = exporters[place].request.url
    switch answer {
    case .failure(let error): exporters[place].problem = error.description
    case .success(let page) where page.status != 200:
      exporters[place].problem = "\(url): HTTP \(page.status)"
    case .success(let page):
      do throws(PrometheusError) {
        exporters[place].machines = try DCGMPage.read(page.body)
        exporters[place].readAt = .now
        let isEmpty = exporters[place].machines.isEmpty
        exporters[place].problem = isEmpty ? "\(url): tells of no device: there are no DCGM_FI series" : nil
      } catch {
        exporters[place].problem = "\(url): \(error)"
      }
    }
  }

  /// The machines that are told of; of what was told long ago only what devices are called.
  var machines: [MachineStatus] {
    exporters.flatMap { exporter in
      let age = exporter.readAt.map { (.now - $0).inSeconds } ?? 0
      return exporter.machines.map { machine in
        var machine = machine
        machine.devices = machine.devices.map { $0.aged(age) }
        return machine
      }
    }
  }

  /// Why some page cannot be read; nil when all can.
  var problem: String? { exporters.lazy.compactMap(\.problem).first }
}
