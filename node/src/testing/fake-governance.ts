import type { CaseView, ExceptionRecord, GovernanceOperator } from '@hansa/protocols'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The governance of a kernel that only remembers what it was asked. */
export function fakeGovernance(calls: unknown[][]): GovernanceOperator {
  const noted =
    <A extends unknown[], R>(name: string, answer: R) =>
    async (...args: A): Promise<R> => {
      calls.push([name, ...args])
      return answer
    }
  return {
    cases: noted('cases', [caseView('open')]),
    case: noted('case', caseView('open')),
    openCase: noted('openCase', caseView('open')),
    actOnCase: noted('actOnCase', caseView('triage')),
    notifyCase: noted('notifyCase', [{ peer: 'did:key:z6MkfakePeer' as const, alias: 'orgb', delivered: true }]),
    caseProofs: noted('caseProofs', [{ kind: 'equivocation' as const, hash: 'A'.repeat(43), text: '{}' }]),
    exceptions: noted('exceptions', [exception('in_force')]),
    askException: noted('askException', exception('asked')),
    confirmException: noted('confirmException', exception('in_force')),
    endException: noted('endException', exception('over')),
  }
}

function caseView(state: CaseView['state']): CaseView {
  const times = { opened: 1, since: 1, due: 2 }
  const about = { subject: 'agent:alice', reason: 'it wiped', opener: 'person:bob', critical: false }
  return {
    v: 1,
    id: ID,
    ...about,
    ...times,
    evidence: [],
    state,
    missed: [],
    history: [],
    turn: 'a person',
    inForce: null,
  }
}

function exception(state: ExceptionRecord['state']): ExceptionRecord {
  const about = { principal: 'agent:alice', capability: 'files.wipe', reason: 'fire', minutes: 5, by: 'person:bob' }
  return { v: 1, id: ID, state, ...about, asked: 1, until: 2 }
}
