/**
 * What the registry writes to its log: one function for each thing that happens. Heartbeats are not written, and neither
 * is each request that the rate limit turned away: a stranger must not be able to fill the disk.
 */
import type { Did, Logger } from '@hansa/protocols'

export type Events = ReturnType<typeof registryEvents>

export function registryEvents(logger: Logger) {
  return {
    started: (url: string, database: string) => logger.info('started', { url, database }),
    stopped: () => logger.info('stopped'),
    registered: (kernel: Did, seq: number) => logger.info('registered', { kernel, seq }),
    withdrawn: (kernel: Did, seq: number) => logger.info('withdrawn', { kernel, seq }),
    /** One kernel signed two manifests with one number: it is broken, or its key is in two hands. */
    equivocated: (kernel: Did, seq: number, hash: string) => logger.warn('equivocated', { kernel, seq, hash }),
    refused: (route: string, source: string, denialId: string, reason: string) =>
      logger.warn('refused', { route, source, denialId, reason }),
    rateLimited: (requests: number) => logger.warn('rate_limited', { requests }),
    swept: (unreachable: number, dead: number, forgotten: number) =>
      logger.info('swept', { unreachable, dead, forgotten }),
    /** Its log was rolled back or forked: it is not followed any more. */
    registryRefused: (registry: string, kind: string, reason: string) =>
      logger.error('registry_refused', { registry, kind, reason }),
    notReplicated: (registry: string, reason: string) => logger.warn('not_replicated', { registry, reason }),
    replicationEnded: (registry: string, reason: string) => logger.info('replication_ended', { registry, reason }),
    failed: (doing: string, error: unknown) =>
      logger.error('failed', { doing, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  }
}
