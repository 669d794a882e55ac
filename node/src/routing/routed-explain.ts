import type { CapabilityRef } from '@hansa/protocols'
import type { Explain } from '../kernel/explain.ts'
import type { Router } from './router.ts'

/** As the call itself would go: what its first provider would decide, and who else there is, with reasons. */
export function routedExplain(explain: Explain, router: Pick<Router, 'ways' | 'route'>): Explain {
  return async (capability, args, options) => {
    const ways = router.ways(capability, options)
    const explanation = await explain(ways?.[0] ?? capability, args, options)
    if (ways === undefined && explanation.code !== 'not_found') return explanation
    return { ...explanation, route: await router.route(capability as CapabilityRef) }
  }
}
