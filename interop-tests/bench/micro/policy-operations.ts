import { compilePolicy, evaluatePolicy, type PolicyFacts } from '@hansa/trust'
import { alice, NOW } from '@hansa/trust/testing'
import { payload } from '../measure/payload.ts'
import { immediate, type Operation } from './operation.ts'

/** A decision among so many rules, of which one allows the call under a condition on its arguments. */
export const policyOperations: Operation[] = [1, 100, 1_000].map((count) =>
  immediate(`policy decision, ${count} ${count === 1 ? 'rule' : 'rules'}`, () => {
    const compilation = compilePolicy([{ name: 'bench', text: policyOf(count) }])
    if (!compilation.ok) throw new Error(compilation.faults.map(({ reason }) => reason).join('; '))
    const { policy } = compilation
    const facts: PolicyFacts = {
      subject: { ids: ['agent:bench'], did: alice.did, kind: 'agent', standing: 800 },
      action: 'invoke',
      resource: { id: 'org-b/bench.echo', safety: 'READ', sensitivity: [], peer: 'org-b' },
      args: payload(1),
      now: NOW,
    }
    if (evaluatePolicy(policy, facts).effect !== 'permit') throw new Error('the call is not permitted')
    return () => evaluatePolicy(policy, facts)
  }),
)

/** Every other rule is of another team and another capability, as in an organisation that has many of both. */
function policyOf(count: number): string {
  const rules = Array.from({ length: count }, (_, at) =>
    at === 0
      ? rule('bench', 'agent:*', 'org-b/*', `args.customer.startsWith('Harbour')`)
      : rule(`team-${at}`, `agent:team-${at}`, `org-${at % 17}/orders-${at}.*`, `purpose == 'order.review'`),
  )
  return `rules:\n${rules.join('')}`
}

function rule(id: string, subject: string, resource: string, when: string): string {
  return `  - { id: ${id}, effect: allow, subject: '${subject}', action: invoke, resource: '${resource}', when: "${when}" }\n`
}
