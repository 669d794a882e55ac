/** An agent that is reached by A2A, as a driver sees it. */
import type { A2aEvent, A2aPart } from '@hansa/protocols'

export type A2aMessageToSend = {
  messageId: string
  parts: A2aPart[]
  /** The task that the message is for. @default a new one */
  taskId?: string
  contextId?: string
  /** What the message is for, where the agent is a kernel that can be told. */
  capability?: string
}

export interface A2aAgent {
  /**
   * Sends a message and gives everything that is said of its task, until the task ends or waits, or the agent says no
   * more. Breaks off when the signal aborts.
   * @throws DriverError
   */
  send(message: A2aMessageToSend, signal: AbortSignal): AsyncIterable<A2aEvent>
  /** A task as it is now. @throws DriverError */
  get(taskId: string, signal: AbortSignal): Promise<A2aEvent>
  /** Asks for the end of a task. Never throws. */
  cancel(taskId: string): Promise<void>
}
