import CommandLine
import ControlAPI
import Glibc
import Platform

/// The deployment manager's command line: chooses a subcommand and runs it.
@main struct DPDeploy {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    EventLoop.shared.run { await run(Array(Swift.CommandLine.arguments.dropFirst())).rawValue }
  }

  private static func run(_ words: [String]) async -> ExitCode {
    let streams = StandardStreams()
    do {
      switch try Subcommands.set.choose(words) {
      case .help:
        streams.out(Subcommands.set.helpText(style: streams.outputStyle, width: streams.helpWidth))
      case .helpOf(let place):
        streams.out(
          Subcommands.all[place].description.helpText(style: streams.outputStyle, width: streams.helpWidth))
      case .version:
        streams.line("dpdeploy \(Version.current)")
      case .command(let place, let rest):
        return await run(Subcommands.all[place], rest)
      }
      return .ok
    } catch {
      return streams.fail(error, tool: "dpdeploy")
    }
  }

  private static func run(_ command: any Subcommand.Type, _ words: [String]) async -> ExitCode {
    do {
      guard case .run(let arguments) = try command.description.parse(words) else {
        let streams = StandardStreams()
        streams.out(command.description.helpText(style: streams.outputStyle, width: streams.helpWidth))
        return .ok
      }
      let wish = arguments.value("color").flatMap(Style.Wish.init(rawValue:)) ?? .auto
      return try await command.run(arguments, StandardStreams(wish))
    } catch let error as UsageError {
      return StandardStreams().fail(error, tool: command.description.name)
    } catch let error as ControlError {
      StandardStreams().complain(error.message)
      return ExitCode(rawValue: error.exitCode) ?? .failed
    } catch {
      StandardStreams().complain("\(error)")
      return .failed
    }
  }
}
