/// A shell whose users can have command lines completed.
public enum Shell: String, Sendable, CaseIterable {
  case bash
  case zsh
  case fish

  /// The script that makes the shell complete `tool`.
  ///
  /// It knows nothing itself: it runs `tool completion words -- WORD...`, which prints a word and a tab and its meaning a
  /// line, or the line `:files` where a file is wanted.
  public func script(for tool: String) -> String {
    let template =
      switch self {
      case .bash: Self.bashScript
      case .zsh: Self.zshScript
      case .fish: Self.fishScript
      }
    return template.split(separator: "TOOL", omittingEmptySubsequences: false).joined(separator: tool) + "\n"
  }

  private static let bashScript = #"""
    # Completion of TOOL for bash. Try it: source <(TOOL completion bash)
    _TOOL() {
      local reply
      COMPREPLY=()
      mapfile -t reply < <("$1" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
      if [[ "${reply[0]}" == ":files" ]]; then
        compopt -o default
      else
        COMPREPLY=("${reply[@]%%$'\t'*}")
      fi
    }
    complete -F _TOOL TOOL
    """#

  private static let zshScript = #"""
    #compdef TOOL
    # Completion of TOOL for zsh. Try it: source <(TOOL completion zsh)
    _TOOL() {
      local -a reply
      reply=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
      if [[ "${reply[1]}" == ":files" ]]; then
        _files
      elif [[ -n "${reply[1]}" ]]; then
        reply=("${(@)reply//:/\\:}")
        reply=("${(@)reply/$'\t'/:}")
        _describe TOOL reply
      fi
    }
    if [[ "${funcstack[1]}" == "_TOOL" ]]; then _TOOL; else compdef _TOOL TOOL; fi
    """#

  private static let fishScript = #"""
    # Completion of TOOL for fish. Try it: TOOL completion fish | source
    function __TOOL_complete
      set -l before (commandline --tokenize --cut-at-cursor --current-process)
      set -l typed (commandline --current-token --cut-at-cursor)
      set -l reply ($before[1] completion words -- $before[2..-1] "$typed" 2>/dev/null)
      if test "$reply[1]" = ":files"
        __fish_complete_path "$typed"
      else
        printf '%s\n' $reply
      end
    end
    complete --command TOOL --no-files --arguments '(__TOOL_complete)'
    """#
}
