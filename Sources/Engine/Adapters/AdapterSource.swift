/// An adapter that clients may ask for: its name and the folder that it is read from.
struct AdapterSource: Hashable, Sendable {
  /// Its name, without the base model's.
  let name: String
  /// Its folder, as PEFT saves it.
  let path: String
  /// How clients see it: by its own name, or as `base:name` where it was found in the folder of adapters.
  let card: String
}
