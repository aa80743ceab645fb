/// libFuzzer's way in: reads the bytes as a request, in one piece and in many, and wants the same of both.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let whole = RequestReading(bytes, piece: max(1, bytes.count))
  precondition(whole == RequestReading(bytes, piece: 1), "the pieces matter")
  precondition(whole.used <= bytes.count, "read past the end")
  return 0
}
