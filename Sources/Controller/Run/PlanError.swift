/// Why a process cannot even be described.
struct PlanError: Error {
  let reason: String
}
