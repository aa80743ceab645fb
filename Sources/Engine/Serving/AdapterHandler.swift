import HTTP
import OpenAI
import Platform

/// vLLM's endpoints that name and forget adapters while the rank runs; only with `VLLM_ALLOW_RUNTIME_LORA_UPDATING`.
@Loop
struct AdapterHandler {
  private let service: EngineService

  init(_ service: EngineService) { self.service = service }

  /// Answers one request.
  func handle(_ exchange: HTTPExchange, _ path: String) async {
    do throws(APIError) {
      guard service.options.allowsLoRAUpdates, let adapters = service.adapters else {
        throw .unknownPath(path)
      }
      guard exchange.head.method == "POST" else {
        throw .methodNotAllowed(exchange.head.method, allowed: "POST")
      }
      guard let body = try? await exchange.readBody() else {
        throw .badRequest("The request's body could not be read.")
      }
      let request = try service.reader.adapter(body)
      let done =
        path == "/v1/load_lora_adapter" ? try await load(request, adapters) : try unload(request, adapters)
      await exchange.respond(200, contentType: "text/plain; charset=utf-8", body: Array(done.utf8))
    } catch {
      await exchange.respond(error.status, fields: error.fields, body: error.body)
    }
  }

  private func load(_ request: AdapterRequest, _ adapters: AdapterStore) async throws(APIError) -> String {
    guard let name = request.name, let path = request.path, !name.isEmpty, !path.isEmpty else {
      throw .badRequest("Both 'lora_name' and 'lora_path' must be provided.")
    }
    guard name != service.planner.limits.modelName, !adapters.catalogue.isNamed(name) else {
      throw .badRequest("The lora adapter '\(name)' has already been loaded.", parameter: "lora_name")
    }
    guard FileProbe.exists(AdapterCatalogue.settings(in: path)) else {
      throw APIError(
        status: 404, type: "NotFoundError",
        message: "Loading lora \(name) failed: no adapter was found at \(path).",
        parameter: "lora_path")
    }
    adapters.release(try await adapters.acquire(AdapterSource(name: name, path: path, card: name)))
    adapters.catalogue.add(name, path: path)
    return "Success: LoRA adapter '\(name)' added successfully."
  }

  private func unload(_ request: AdapterRequest, _ adapters: AdapterStore) throws(APIError) -> String {
    guard let name = request.name, !name.isEmpty else {
      throw .badRequest("'lora_name' needs to be provided to unload a LoRA adapter.", parameter: "lora_name")
    }
    guard adapters.catalogue.remove(name) else {
      throw APIError(
        status: 404, type: "NotFoundError", message: "The lora adapter '\(name)' cannot be found.",
        parameter: "lora_name")
    }
    adapters.forget(name)
    return "Success: LoRA adapter '\(name)' removed successfully."
  }
}
