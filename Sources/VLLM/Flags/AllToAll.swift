/// How tokens travel to their experts: the words that releases of vLLM know.
enum AllToAll {
  /// The words of a release, best first.
  static func words(in version: VLLMVersion) -> [String] {
    var words = ["allgather_reducescatter", "deepep_high_throughput", "deepep_low_latency"]
    if version < VLLMVersion(0, 16) { words += ["naive", "pplx"] }
    if version < VLLMVersion(0, 18) { words.append("flashinfer_all2allv") }
    if version >= VLLMVersion(0, 16), version < VLLMVersion(0, 23) { words.append("mori") }
    if version >= VLLMVersion(0, 18) {
      words += ["nixl_ep", "flashinfer_nvlink_one_sided", "flashinfer_nvlink_two_sided"]
    }
    if version >= VLLMVersion(0, 23) { words += ["mori_high_throughput", "mori_low_latency"] }
    if version >= VLLMVersion(0, 26) { words.append("deepep_v2") }
    if version >= VLLMVersion(0, 32) { words.append("moonep") }
    return words
  }

  /// What a release calls what an older one called `word`; nil when it has no such thing.
  static func successor(of word: String, in version: VLLMVersion) -> String? {
    let heir: String? =
      switch word {
      case "naive", "pplx": "allgather_reducescatter"
      case "mori": "mori_high_throughput"
      case "flashinfer_all2allv": "flashinfer_nvlink_two_sided"
      default: nil
      }
    return heir.flatMap { words(in: version).contains($0) ? $0 : nil }
  }
}
