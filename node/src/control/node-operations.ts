import type { CapabilityDetail, Classify, LogLines, LogLinesParams, NodeReload, PolicyReload } from '@hansa/protocols'

/** What a node does beside its kernel, for an operator. */
export interface NodeOperations {
  /** Reads the policy files again. With a fault in any of them the policy in force stays. @param by who wants it */
  reloadPolicy(by?: string): Promise<PolicyReload>
  /** Why the policy files are not the policy in force; empty when they are. */
  policyFaults(): readonly string[]
  /** Reads the configuration, its policies and its modules again. With a fault in any of them everything stays. */
  reload(): Promise<NodeReload>
  /**
   * Gives a tool of an MCP server its class, in the configuration and in force.
   * @throws CallError `not_found`, or `invalid_request`; nothing has changed then.
   */
  classify(init: Classify): Promise<CapabilityDetail>
  /**
   * The card by which clients of A2A know it. @param agentsUrl where agents connect
   * @throws CallError `unsupported` when it does not speak A2A.
   */
  agentCard(agentsUrl: string): Promise<{ text: string }>
  /**
   * The last lines that it wrote. @param signal ends the waiting
   * @throws CallError `unsupported` when it remembers none.
   */
  logLines(params: LogLinesParams, signal: AbortSignal): Promise<LogLines>
}
