/** The paths of delegations: segments, compared whole, so that `/crypto` covers `/crypto/sign` and not `/cryptocurrency`. */
import type { CapabilityId } from '@hansa/protocols'

/** `billing.list_invoices` is `/billing/list_invoices`. */
export function commandOf(capability: CapabilityId): string {
  return `/${capability.replaceAll('.', '/')}`
}

/** Whether everything at `inner` is at or below `outer`. */
export function covers(outer: string, inner: string): boolean {
  return outer === '/' || inner === outer || inner.startsWith(`${outer}/`)
}
