import type { AgreementInfo, Agreements } from '@hansa/protocols'

/** The agreements of a kernel that only remembers what it was asked. */
export function fakeAgreements(calls: unknown[][]): Agreements {
  const noted =
    <A extends unknown[], R>(name: string, answer: R) =>
    async (...args: A): Promise<R> => {
      calls.push([name, ...args])
      return answer
    }
  return {
    list: noted('agreements', [agreement('in_force')]),
    show: noted('agreement', agreement('in_force')),
    propose: noted('proposeAgreement', agreement('proposed')),
    accept: noted('acceptAgreement', agreement('in_force')),
    reject: noted('rejectAgreement', agreement('ended')),
    end: noted('endAgreement', agreement('ended')),
  }
}

function agreement(state: AgreementInfo['state']): AgreementInfo {
  return {
    ...{ id: 'A'.repeat(43), state, own: true, peer: 'did:key:z6MkfakePeer', alias: 'orgb', purpose: 'billing' },
    wePermit: { capabilities: ['files.*'], labels: [] },
    theyPermit: { capabilities: [], labels: [] },
    ...{ standing: 700, from: 1, until: 3, acceptBy: 2, handed: true, since: 1, proposal: 'a.b.c' },
  }
}
