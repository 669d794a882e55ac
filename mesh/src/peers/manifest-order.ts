import type { SeenManifest } from './peer-memory.ts'

export type ManifestOrder = 'newer' | 'same' | 'rolled_back' | 'equivocation'

/**
 * A manifest against the last one seen of the same kernel (security.md B2). `equivocation`: the kernel has signed two
 * manifests of one number, which nobody does by accident. Pure.
 */
export function manifestOrder(next: SeenManifest, seen: SeenManifest | undefined): ManifestOrder {
  if (seen === undefined || next.seq > seen.seq) return 'newer'
  if (next.seq < seen.seq) return 'rolled_back'
  return next.hash === seen.hash ? 'same' : 'equivocation'
}
