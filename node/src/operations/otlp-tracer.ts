/**
 * Adapter: each call as a trace, sent over OTLP/HTTP. One span for the call and one for each stage, named by the state
 * that the stage makes of it (`node/src/kernel/stages.ts`). The trace id is the call id, 128 bits in hexadecimal: both
 * kernels' spans of one call meet in one trace without a header on the wire, and a line of the log that names the call
 * names its trace. Names and outcomes only, never arguments or results.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { CallObserver, CallSeen } from '../kernel/call-observer.ts'
import type { Stage } from '../kernel/stages.ts'

export type OtlpTracerInit = {
  /** Where traces are sent, such as `http://collector:4318/v1/traces`. */
  url: string
  headers?: Readonly<Record<string, string>>
  /** Part of the calls that is traced, 0 to 1; the same calls on both sides. @default 1 */
  sample?: number
  /** Of the service that the spans are of. */
  name: string
  did: string
  /** Milliseconds for each batch; a node that stops waits no longer for its last ones. @default 5000 */
  timeoutMs?: number
}

export interface OtlpTracer extends CallObserver, AsyncDisposable {}

/** What a call is when the stage has let it pass. */
const states: Readonly<Record<Stage, string>> = {
  receive: 'Received',
  policy: 'Permitted',
  token: 'Granted',
  inbound: 'Screened',
  begin: 'Begun',
  driver: 'Answered',
  outbound: 'Released',
}

/** Spans wait for being sent in memory, bounded: a collector that is away costs no call anything, and no stop. */
export function otlpTracer({
  url,
  headers = {},
  sample = 1,
  name,
  did,
  timeoutMs = 5_000,
}: OtlpTracerInit): OtlpTracer {
  const ids = new CallTraceIds()
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'hansa', 'service.instance.id': did, 'hansa.name': name }),
    sampler: new TraceIdRatioBasedSampler(sample),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('hansa')
  return {
    now: () => performance.timeOrigin + performance.now(),
    call: (seen) => record(tracer, ids, seen),
    // What the collector did not take is lost; the node has stopped all the same.
    [Symbol.asyncDispose]: () => provider.shutdown().catch(() => {}),
  }
}

function record(tracer: Tracer, ids: CallTraceIds, seen: CallSeen): void {
  const { callId, capability, direction, safety, outcome, code, stage: refusedAt, rules, startedMs, ms, stages } = seen
  ids.next(callId)
  const attributes = {
    'hansa.call_id': callId,
    'hansa.capability': capability,
    'hansa.direction': direction,
    'hansa.outcome': outcome,
    'hansa.rules': [...rules],
    ...(safety === undefined ? {} : { 'hansa.safety': safety }),
    ...(code === undefined ? {} : { 'hansa.code': code }),
  }
  const kind =
    direction === 'inbound' ? SpanKind.SERVER : direction === 'outbound' ? SpanKind.CLIENT : SpanKind.INTERNAL
  const call = tracer.startSpan('call', { kind, attributes, startTime: startedMs, root: true }, ROOT_CONTEXT)
  const inCall = trace.setSpan(ROOT_CONTEXT, call)
  for (const { stage, startedMs: from, ms: took } of stages) {
    const span = tracer.startSpan(states[stage], { startTime: from }, inCall)
    if (stage === refusedAt) span.setStatus({ code: SpanStatusCode.ERROR, message: code ?? 'refused' })
    span.end(from + took)
  }
  if (outcome === 'refused') call.setStatus({ code: SpanStatusCode.ERROR, message: code ?? 'refused' })
  call.end(startedMs + ms)
}

/** The next trace is the one of this call; spans are random. */
class CallTraceIds implements IdGenerator {
  readonly #random = new RandomIdGenerator()
  #next: string | undefined

  next(callId: string): void {
    const id = Buffer.from(callId, 'base64url').toString('hex')
    this.#next = /^[0-9a-f]{32}$/.test(id) ? id : undefined
  }

  generateTraceId(): string {
    const id = this.#next ?? this.#random.generateTraceId()
    this.#next = undefined
    return id
  }

  generateSpanId(): string {
    return this.#random.generateSpanId()
  }
}
