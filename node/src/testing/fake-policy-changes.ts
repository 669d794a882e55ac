import type { PendingPolicyAnswer, PolicyChangesOperator } from '@hansa/protocols'

const waiting: PendingPolicyAnswer = {
  twoPersons: true,
  pending: {
    ...{ id: 'A'.repeat(43), state: 'waits', rules: 2, off: false, since: 1 },
    wider: ['rule b may permit what no rule permitted before'],
    approvals: [{ by: 'person:ana', at: 1 }],
  },
}

/** Of a kernel that only remembers what it was asked: nothing waits until something was rejected. */
export function fakePolicyChanges(calls: unknown[][]): PolicyChangesOperator {
  return {
    pending: async () => ({ twoPersons: true, pending: null }),
    async approve(init) {
      calls.push(['approvePolicy', init])
      return { ...waiting, pending: null }
    },
    async reject(init) {
      calls.push(['rejectPolicy', init])
      return waiting
    },
  }
}
