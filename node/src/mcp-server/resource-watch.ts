/**
 * A resource that a client watches: a call that says when the resource changed, made again each time that it has ended by
 * its deadline, until the client has heard enough or the call is refused.
 */
import { CallError, type Clock, type InvokeOptions, type ResourceArguments } from '@hansa/protocols'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import { invokeOptions } from '../control/invoke-options.ts'
import { pause } from '../pause.ts'
import type { Calling } from './calling.ts'

/** Milliseconds of one call. */
const CALL_MS = 600_000
/** Milliseconds from one call to the next, at least. */
const BETWEEN_MS = 1_000

export type WatchComponents = { kernel: Pick<ControlledKernel, 'invoke' | 'explain'>; clock: Clock }

export type ResourceAtPlace = { ref: string; uri: string }
export type WatchedResource = ResourceAtPlace & {
  /** Whoever serves it has confirmed that it is watched; called again with each further call. */
  begun?(): void
  updated(uri: string): void
}

/** @throws CallError with what the policies say when they do not permit it, before anything is called */
export async function mayWatch(
  { kernel }: WatchComponents,
  calling: Calling,
  { ref, uri }: ResourceAtPlace,
): Promise<void> {
  const options = optionsOf(calling, ref, calling.ends)
  const { decision, code = 'policy_denied' } = await kernel.explain(ref, argumentsOf(uri), options)
  if (decision !== 'permit') throw new CallError({ code })
}

/** @returns when `signal` was aborted. @throws CallError when a call is refused or fails */
export async function watchResource(
  { kernel, clock }: WatchComponents,
  calling: Calling,
  { ref, uri, begun, updated }: WatchedResource,
  signal: AbortSignal,
): Promise<void> {
  const onNote: InvokeOptions['onNote'] = (note) => {
    if (signal.aborted) return
    if (note.type === 'progress' || note.type === 'updated') begun?.()
    if (note.type === 'updated') updated(note.uri)
  }
  const options = { ...optionsOf(calling, ref, signal), deadlineMs: CALL_MS, onNote }
  while (!signal.aborted) {
    const startedMs = clock.now()
    try {
      await kernel.invoke(ref, argumentsOf(uri), options)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof CallError) || error.detail.code !== 'deadline') throw error
    }
    await pause(clock, Math.max(0, startedMs + BETWEEN_MS - clock.now()), signal)
  }
}

function argumentsOf(uri: string): ResourceArguments {
  return { method: 'resources/subscribe', uri }
}

function optionsOf(calling: Calling, ref: string, signal: AbortSignal): InvokeOptions {
  return invokeOptions(ref, {}, { ...calling, signal })
}
