import ControlAPI
import Terminal

/// A device and the machine that has it.
struct DeviceRow: TableRow {
  let machine: String
  let device: DeviceStatus

  var rowID: String { "\(machine)/\(device.index)" }

  static func all(of machines: [MachineStatus]) -> [DeviceRow] {
    machines.flatMap { machine in machine.devices.map { DeviceRow(machine: machine.name, device: $0) } }
  }

  static func columns(_ rows: [DeviceRow]) -> [TableColumn<DeviceRow>] {
    let isOneMachine = Set(rows.map(\.machine)).count == 1
    return [
      TableColumn(Column("DEV", isOneMachine ? 3 : 16), 0) { painter, row in
        let name = isOneMachine ? "\(row.device.index)" : row.rowID
        return .spans([Span(name, row.device.stale ? painter.theme.stale : painter.theme.title)])
      },
      meter("GPU", 1, \.busy) { $0.utilizationRatio.value },
      number("SM", 4, 4) { Units.percent($0.smActiveRatio.value) },
      meter("MEM", 2, \.cache) { device in
        device.memoryUsedBytes.value.flatMap { used in
          device.memoryTotalBytes.value.map { Double(used) / Double(max(1, $0)) }
        }
      },
      number("POWER", 9, 5) { "\(watts($0.powerWatts))/\(watts($0.powerLimitWatts))W" },
      number("CLOCK", 12, 6) { "\(megahertz($0.smClockHertz))/\(megahertz($0.smClockMaxHertz))MHz" },
      number("TEMP", 4, 7) {
        $0.temperatureCelsius.value.map { Units.decimals($0, 0) + "C" } ?? Units.unknown
      },
      TableColumn(Column("SLOWED BY", 14), 3) { painter, row in .spans(painter.slowness(row.device)) },
      TableColumn(Column("ECC", 6, .right), 9) { painter, row in .spans(painter.errors(row.device)) },
      TableColumn(Column("HELD BY", 14), 8) { painter, row in .spans([painter.text(holders(row.device))]) },
      number("MEM CLOCK", 12, 11) {
        "\(megahertz($0.memoryClockHertz))/\(megahertz($0.memoryClockMaxHertz))MHz"
      },
      number("TENSOR", 6, 12) { Units.percent($0.tensorActiveRatio.value) },
      number("DRAM", 4, 13) { Units.percent($0.dramActiveRatio.value) },
      TableColumn(Column("MODEL", 22), 10) { painter, row in
        .spans([painter.faint(row.device.model.value ?? Units.unknown)])
      },
    ]
  }

  private static func meter(
    _ title: String, _ importance: Int, _ gradient: KeyPath<Theme, Gradient>,
    _ share: @escaping (DeviceStatus) -> Double?
  ) -> TableColumn<DeviceRow> {
    TableColumn(Column(title, 12, stretch: 1), importance) { painter, row in
      .meter(share(row.device), painter.theme[keyPath: gradient], isStale: row.device.stale)
    }
  }

  private static func number(
    _ title: String, _ width: Int, _ importance: Int, _ text: @escaping (DeviceStatus) -> String
  ) -> TableColumn<DeviceRow> {
    TableColumn(Column(title, width, .right), importance) { painter, row in
      .spans([Span(text(row.device), row.device.stale ? painter.theme.stale : painter.theme.text)])
    }
  }

  private static func watts(_ power: Known<Double>) -> String {
    power.value.map { Units.decimals($0, 0) } ?? Units.unknown
  }

  private static func megahertz(_ clock: Known<Int>) -> String {
    Units.whole(clock.value.map { $0 / 1_000_000 })
  }

  /// The ranks that have memory of it, and the processes that are none of ours.
  private static func holders(_ device: DeviceStatus) -> String {
    guard let processes = device.processes.value else { return Units.unknown }
    var names: [String] = []
    for name in processes.map({ $0.replica ?? "pid \($0.pid)" }) where !names.contains(name) {
      names.append(name)
    }
    return names.joined(separator: " ")
  }
}

extension Painter {
  /// What keeps a device's clocks down, the worst first.
  fileprivate func slowness(_ device: DeviceStatus) -> [Span] {
    guard let reasons = device.throttleReasons.value else { return [faint(Units.unknown)] }
    guard !reasons.isEmpty else { return [faint("nothing")] }
    let worst = reasons.filter(\.isFault)
    let names = (worst + reasons.filter { !$0.isFault }).map(\.rawValue).joined(separator: " ")
    return [worst.isEmpty ? faint(names) : Span(names, theme.critical)]
  }

  /// Uncorrected and corrected errors of its memory.
  fileprivate func errors(_ device: DeviceStatus) -> [Span] {
    let (fatal, mended) = (device.eccUncorrected.value, device.eccCorrected.value)
    let words = "\(Units.whole(fatal))/\(Units.whole(mended))"
    return [(fatal ?? 0) > 0 ? Span(words, theme.critical) : faint(words)]
  }
}
