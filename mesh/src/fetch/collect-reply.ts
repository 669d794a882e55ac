/**
 * One request over an undici dispatcher, its reply collected into memory under a bound. Works on the dispatcher's
 * callbacks, without streams, because every call between kernels passes here.
 */
import type { Dispatcher } from 'undici'
import { ExchangeStopped } from './network-fault.ts'

export type CollectedReply = {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Uint8Array
}

export type CollectInit = {
  /** The reply is cut off, and the connection with it, when it is longer. */
  maxBytes: number
  signal?: AbortSignal | undefined
  /** Looks at the head before the body is read. @returns why the rest is not wanted. */
  refuseHead?: (status: number, headers: CollectedReply['headers']) => ExchangeStopped | undefined
}

/** Rejects with what undici reports, the signal's reason, or `ExchangeStopped`. */
export function collectReply(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  init: CollectInit,
): Promise<CollectedReply> {
  return new Promise((resolve, reject) => {
    if (init.signal?.aborted === true) return reject(abortError(init.signal))
    const collector = new ReplyCollector(init, resolve, reject)
    try {
      dispatcher.dispatch(request, collector)
    } catch (error) {
      collector.fail(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

class ReplyCollector implements Dispatcher.DispatchHandler {
  readonly #init: CollectInit
  readonly #resolve: (reply: CollectedReply) => void
  readonly #reject: (error: Error) => void
  readonly #onAbort: (() => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #failed: Error | undefined
  #status = 0
  #headers: CollectedReply['headers'] = {}
  #chunks: Uint8Array[] = []
  #length = 0

  constructor(init: CollectInit, resolve: (reply: CollectedReply) => void, reject: (error: Error) => void) {
    this.#init = init
    this.#resolve = resolve
    this.#reject = reject
    const { signal } = init
    if (signal === undefined) return
    this.#onAbort = () => this.fail(abortError(signal))
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Ends the exchange from this side. Only the first end counts. */
  fail(error: Error): void {
    if (this.#failed !== undefined) return
    this.#failed = error
    this.#chunks = []
    this.#forget()
    this.#reject(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Cancelled while it waited for a connection.
    if (this.#failed !== undefined) controller.abort(this.#failed)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: CollectedReply['headers'],
  ): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    const refused = this.#init.refuseHead?.(status, headers)
    if (refused !== undefined) this.fail(refused)
    else if (Number(headers['content-length'] ?? 0) > this.#init.maxBytes) this.fail(tooLarge(this.#init.maxBytes))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#failed !== undefined) return
    this.#length += chunk.length
    if (this.#length > this.#init.maxBytes) this.fail(tooLarge(this.#init.maxBytes))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#failed !== undefined) return
    this.#forget()
    const [only] = this.#chunks
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks, this.#length)
    this.#resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error)
  }

  #forget(): void {
    if (this.#onAbort !== undefined) this.#init.signal?.removeEventListener('abort', this.#onAbort)
  }
}

function tooLarge(maxBytes: number): ExchangeStopped {
  return new ExchangeStopped('too_large', `the answer is larger than ${maxBytes} bytes`)
}

function abortError(signal: AbortSignal): Error {
  const { reason } = signal
  return reason instanceof Error ? reason : new DOMException('The request was cancelled', 'AbortError')
}
