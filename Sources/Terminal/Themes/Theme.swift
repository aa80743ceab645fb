/// How everything on the screen is drawn, by what it means.
///
/// Status colours are our own keys of the theme file (`dp_ok`, `dp_warn`, `dp_crit`, `dp_info`, `dp_stale`): the ends of a
/// gradient are not status colours, and often cannot be told apart by colour-blind eyes. Glyphs stand beside them anyway.
public struct Theme: Sendable, Equatable {
  /// Plain text.
  public var text: CellStyle
  /// Titles of boxes and names.
  public var title: CellStyle
  /// Keys to press.
  public var key: CellStyle
  /// What matters less.
  public var inactive: CellStyle
  /// The chosen row.
  public var selected: CellStyle
  /// Lines between parts.
  public var divider: CellStyle
  /// Frames: throughput and replicas, caches, queues and ingress, events and hints.
  public var replicaBox: CellStyle
  /// The frame of what is about memory.
  public var cacheBox: CellStyle
  /// The frame of what is about the ingress and queues.
  public var queueBox: CellStyle
  /// The frame of hints, events and texts.
  public var eventBox: CellStyle
  /// What is well.
  public var ok: CellStyle
  /// What needs a look.
  public var warning: CellStyle
  /// What is broken.
  public var critical: CellStyle
  /// What is under way, or only told.
  public var info: CellStyle
  /// What is only known from before.
  public var stale: CellStyle
  /// A line that must be seen: paused, no controller.
  public var banner: CellStyle
  /// How busy.
  public var busy: Gradient
  /// How full the KV cache is.
  public var cache: Gradient
  /// How late.
  public var latency: Gradient
  /// Tokens out.
  public var tokens: Gradient
  /// Requests.
  public var requests: Gradient
  /// How much is queued.
  public var queue: Gradient
  /// Empty cells of meters.
  public var meter: CellStyle
}
