/** A of the governed call: discovers B by its URL, imports it under `most_restrictive`, and lets one of its agents call. */
import { type AssembledKernel, createKernel } from '@hansa/node'
import { answerParent } from '../measure/answer-parent.ts'
import { type Payload, payload } from '../measure/payload.ts'
import { type LoadInit, runLoad } from '../measure/run-load.ts'
import { type Signing, signingOf } from './signing.ts'

const PRINCIPAL = 'agent:bench'
const PEER = 'org-b'

type CallInit = { directory: string; signing: Signing; capability: string; webSocket: boolean }

let kernel: AssembledKernel
let called: string

answerParent({
  async open({ directory, signing, capability, webSocket }: CallInit) {
    called = `${PEER}/${capability}`
    kernel = await createKernel({
      ...signingOf(signing),
      name: 'bench-a',
      directory,
      webSocket,
      allowPrivate: true,
      policy: [{ name: 'bench', text: policy }],
      principal: PRINCIPAL,
    })
    return kernel.did
  },
  async connect(endpoint: string) {
    const { peers, faults } = await kernel.discoverPeers({ peerUrls: [endpoint] })
    const [peer] = peers
    if (peer === undefined) throw new Error(`not discovered: ${faults.map(({ reason }) => reason).join('; ')}`)
    await kernel.importRemote({ manifest: peer.signed, as: PEER, trustPolicy: 'most_restrictive' })
  },
  load: (init: LoadInit) => runLoad(call, init),
})

async function call(number: number): Promise<void> {
  const { value } = await kernel.invoke(called, payload(number))
  if ((value as Payload).call !== number) throw new Error('another call was answered')
}

const policy = `
rules:
  - id: agents-may-call-org-b
    effect: allow
    subject: agent:*
    action: invoke
    resource: org-b/*
    obligations: [log]
`
