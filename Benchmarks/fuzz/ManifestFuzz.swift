/// libFuzzer's way in: reads the bytes as a manifest, and whatever is said of them must hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzManifest(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  switch ManifestSource.decoding(bytes, name: "m") {
  case .failure(let diagnostic): require(diagnostic.span != nil, "bytes refused without a place")
  case .success(let source): judge(Manifest.read(source))
  }
  return 0
}

private func judge(_ reading: ManifestReading) {
  let errors = reading.diagnostics.filter { $0.severity == .error }
  require(errors.isEmpty == (reading.manifest != nil), "usable and refused at once")
  judge(reading.diagnostics, of: reading.source)
  guard let manifest = reading.manifest else { return }
  let text = manifest.canonicalText(secrets: .included)
  let again = Manifest.read(ManifestSource(name: "canonical", text: text))
  guard let copy = again.manifest else { fatalError("the canonical text is refused: \(again.diagnostics)") }
  let changes = Manifest.diff(manifest, copy)
  require(changes.isEmpty, "the canonical text means something else: \(changes)")
  guard let settings = manifest.vllm else { return require(copy == manifest, "and yet another manifest") }
  // An argument whose word means "choose yourself" cannot be told from one that was left out.
  let isPlain = settings.arguments.allSatisfy { $0.value != .null }
  require(!isPlain || copy == manifest, "vLLM would be told something else: \(settings.arguments)")
  let (_, remarks) = ServeCommand.compose(manifest, model: manifest.model.source, version: .newestKnown)
  judge(remarks, of: reading.source)
}

/// Each remark lies inside the text, and brings no control character to a terminal.
private func judge(_ remarks: [Diagnostic], of source: ManifestSource) {
  let lengths = source.lines.map(\.unicodeScalars.count)
  for remark in remarks {
    guard let span = remark.span else { continue }
    require(lengths.indices.contains(span.line - 1), "\(remark) is outside \(lengths.count) lines")
    let length = lengths[span.line - 1]
    require(
      span.column >= 1 && span.column + span.length - 2 <= length,
      "\(remark), \(span): the line has \(length)")
  }
  let shown = DiagnosticRenderer(style: .plain, source: source).render(remarks)
  let isPrintable = shown.unicodeScalars.allSatisfy {
    $0 == "\n" || $0.properties.generalCategory != .control
  }
  require(isPrintable, "a control character is shown")
}

/// Like `precondition`, and says why in optimised builds too.
private func require(_ holds: Bool, _ reason: @autoclosure () -> String) {
  if !holds { fatalError(reason()) }
}
