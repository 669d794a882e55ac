/** A2A as a node speaks it, in front of a kernel whose answers the test gives. */
import type { AllowPrivate, GuardedFetch } from '@hansa/mesh'
import { type AgentInterface, type Frame, type InvokeOptions, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { type Database, openDatabase } from '@hansa/storage'
import { alice } from '@hansa/trust/testing'
import { a2aMount, MAX_A2A_BODY_BYTES } from '../a2a/a2a-mount.ts'
import { a2aService } from '../a2a/a2a-service.ts'
import { CardDesk } from '../a2a/card-desk.ts'
import { PushOutbox } from '../a2a/push-outbox.ts'
import { grpcListener } from '../a2a/sdk/grpc-listener.ts'
import { legacyBinding } from '../a2a/sdk/legacy-binding.ts'
import { sqlTaskStore } from '../a2a/sql-task-store.ts'
import { TaskDesk } from '../a2a/task-desk.ts'
import { taskMigrations } from '../a2a/task-migrations.ts'
import { TaskWebhooks } from '../a2a/task-webhooks.ts'
import { controlServer } from '../control/index.ts'
import { type FakeKernel, fakeKernel } from './fake-kernel.ts'
import { fakeOperations } from './fake-node.ts'

/** What the kernel does with a call. */
export type AnswerCall = (args: unknown, options: InvokeOptions, capability: string) => Promise<Frame> | Frame

export interface A2aFixture extends AsyncDisposable {
  /** Base URL. */
  readonly url: string
  readonly kernel: FakeKernel
  readonly clock: ManualClock
  readonly database: Database<unknown>
  /** What calls of a capability are answered with; nothing else is found. */
  readonly answers: Map<string, AnswerCall>
  /** A credential of an agent of this name. */
  agent(name: string): Promise<string>
}

export type A2aFixtureInit = {
  defaultCapability?: string
  legacy?: boolean
  /** @default it is not spoken */
  grpc?: boolean
  /** Posts push notifications. @default there are none */
  post?: GuardedFetch['post']
  allowPrivate?: AllowPrivate
  /** Base URL that the card names. @default where it listens */
  publicUrl?: string
  /** With tasks of before. @default an empty one, which ends with the fixture */
  database?: Database<unknown>
}

const CALL_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** A frame as a kernel gives it out. */
export function aFrame(capability: string, kind: Frame['kind'], value: unknown, callId = CALL_ID): Frame {
  const rest = {
    labels: [],
    untrusted: true,
    redactions: [],
    obligations: [],
    audit: { origin: 'fake/log/1', index: 7 },
  }
  return { callId, capability, kind, value, ...rest }
}

export async function a2aFixture(init: A2aFixtureInit = {}): Promise<A2aFixture> {
  await using resources = new AsyncDisposableStack()
  const database = init.database ?? resources.use(await openDatabase<unknown>('memory:'))
  await database.migrate(taskMigrations)
  const clock = manualClock()
  const answers = new Map<string, AnswerCall>()
  const kernel = answering(answers)
  const store = sqlTaskStore(database)
  const { post, allowPrivate = false, defaultCapability, legacy = false } = init
  const outbox = post && resources.use(new PushOutbox({ store, fetch: { post }, clock, logger: silentLogger }))
  const webhooks = new TaskWebhooks({ store, allowPrivate, ...(outbox === undefined ? {} : { outbox }) })
  const settings = {
    deadlineMs: 60_000,
    keepMs: 86_400_000,
    ...(defaultCapability === undefined ? {} : { defaultCapability }),
  }
  const desk = resources.use(await TaskDesk.open(settings, { kernel, store, webhooks, clock, logger: silentLogger }))
  await outbox?.resume()
  const further: AgentInterface[] = []
  const said = {
    name: 'Lübeck Trading House',
    description: 'Trades',
    pushNotifications: post !== undefined,
    legacy,
    further,
  }
  const cards = new CardDesk(said, { kernel, signer: alice, clock })
  const service = a2aService({ desk, webhooks, cards })
  if (init.grpc === true) {
    const at = { host: '127.0.0.1', port: 0, maxBytes: MAX_A2A_BODY_BYTES }
    const grpc = resources.use(await grpcListener({ ...at, service, kernel, clock, logger: silentLogger }))
    further.push({ url: grpc.at, protocolBinding: 'GRPC', protocolVersion: '1.0' })
  }
  const url = init.publicUrl === undefined ? {} : { url: init.publicUrl }
  const compat = legacy ? { legacy: legacyBinding({ service, cards, logger: silentLogger }) } : {}
  const mount = a2aMount({ service, cards, clock, logger: silentLogger, ...url, ...compat })
  const server = resources.use(
    await controlServer({
      ...{ kernel, node: fakeOperations, principal: 'agent:default', logger: silentLogger, clock },
      listen: { kind: 'agents_loopback', port: 0 },
      mounts: [mount],
    }),
  )
  const held = resources.move()
  return {
    url: server.url,
    ...{ kernel, clock, answers, database },
    agent: async (name) => (await kernel.addAgent({ name })).credential,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function answering(answers: ReadonlyMap<string, AnswerCall>): FakeKernel {
  const kernel = fakeKernel()
  const { invoke } = kernel
  return Object.assign(kernel, {
    did: alice.did,
    invoke: async (capability: string, args: unknown, options: InvokeOptions = {}) => {
      const answer = answers.get(capability)
      if (answer === undefined) return invoke(capability, args, options)
      kernel.calls.push(['invoke', capability, args, options])
      return answer(args, options, capability)
    },
  })
}
