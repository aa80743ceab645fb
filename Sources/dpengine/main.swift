import Engine

EngineProcess.main(Array(CommandLine.arguments.dropFirst()))
