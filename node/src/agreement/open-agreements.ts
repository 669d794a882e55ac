/** Agreements of one kernel, opened in the order they need, for `assemble-kernel.ts` to name one part. */
import type { InboundReply, InboundRequest } from '@hansa/protocols'
import type { KernelRevocations } from '../revocation/kernel-revocations.ts'
import { type AgreedCallsComponents, receiveAgreed } from './agreed-calls.ts'
import { AgreementBook } from './agreement-book.ts'
import { AgreementDesk, type AgreementDeskComponents } from './agreement-desk.ts'
import { type AgreementInboxComponents, agreementInbox } from './agreement-inbox.ts'
import { type HandOverComponents, handOver } from './hand-over.ts'

export type OpenAgreementsInit = Omit<AgreementDeskComponents, 'book' | 'handOver' | 'revocations'> &
  Omit<AgreementInboxComponents, 'barred'> &
  HandOverComponents &
  Omit<AgreedCallsComponents, 'book'> & {
    revocations: KernelRevocations
    sanctions: { on(peer: string): { kind: string } | undefined }
  }

type Receive = Parameters<typeof receiveAgreed>[0]

export type OpenedAgreements = {
  desk: AgreementDesk
  receive(receive: Receive): Receive
  services: { agreements(request: InboundRequest): Promise<InboundReply> }
  /** Call it every few seconds. */
  tick(): Promise<void>
}

export async function openAgreements(init: OpenAgreementsInit): Promise<OpenedAgreements> {
  const { revocations, clock, sanctions } = init
  const book = new AgreementBook({ ...init, now: () => Math.floor(clock.now() / 1000) })
  const desk = await AgreementDesk.open({ ...init, book, handOver: handOver(init) })
  const barred = (peer: string) => {
    const sanction = sanctions.on(peer)
    return sanction === undefined || sanction.kind === 'warn' ? undefined : `it is under a sanction: ${sanction.kind}`
  }
  const serve = agreementInbox({ ...init, barred }, desk)
  revocations.tell(({ kind }) => {
    if (kind === 'agreement' || kind === 'key') desk.revoked()
  })
  return {
    desk,
    receive: (receive) => receiveAgreed(receive, { ...init, book }),
    services: { agreements: serve },
    tick: () => desk.tick(),
  }
}
