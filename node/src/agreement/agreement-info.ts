/** An agreement as an operator sees it. */
import type { AgreementInfo, AgreementState } from '@hansa/protocols'
import type { HeldAgreement } from './agreement-book.ts'

export function agreementInfo(
  { hash, agreement, record, peer }: HeldAgreement,
  { alias, undelivered }: { alias: string | undefined; undelivered: string | undefined },
): AgreementInfo {
  const {
    purpose,
    standing,
    from,
    until,
    accept_by: acceptBy,
    iss_permits: issPermits,
    aud_permits: audPermits,
  } = agreement
  const { own, state, handed, since, end, proposal, acceptance } = record
  return {
    ...{ id: hash, state, own, peer, purpose, standing, from, until, acceptBy, handed, since, proposal },
    ...(alias === undefined ? {} : { alias }),
    wePermit: own ? issPermits : audPermits,
    theyPermit: own ? audPermits : issPermits,
    ...(undelivered === undefined ? {} : { undelivered }),
    ...(end === undefined ? {} : { end }),
    ...(acceptance === undefined ? {} : { acceptance }),
  }
}

const order: Readonly<Record<AgreementState, number>> = { in_force: 0, agreed: 1, accepted: 2, proposed: 3, ended: 4 }

/** Those in force first, then what waits, then what is over; the newest first. */
export function inOrder(all: AgreementInfo[]): AgreementInfo[] {
  return all.sort((a, b) => order[a.state] - order[b.state] || b.since - a.since || (a.id < b.id ? -1 : 1))
}
