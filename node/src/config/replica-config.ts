/** `replica`, in the units of the kernel. */
import type { ReplicaSettings } from '../mesh/replica-settings.ts'
import type { NodeConfig } from './config.ts'
import type { ConfigFile } from './config-schema.ts'

export function replicaOf({ replica }: ConfigFile): Pick<NodeConfig, 'replica'> {
  if (replica === undefined) return {}
  const { kernels, max_mib: mib, strangers_percent: strangers, period_seconds: period, wait_seconds: wait } = replica
  const { neighbours, told_at_once: fanout, followed_at_once: strands } = replica
  const settings: ReplicaSettings = {
    room: {
      ...(kernels === undefined ? {} : { maxRecords: kernels }),
      ...(mib === undefined ? {} : { maxBytes: mib * 1_048_576 }),
      ...(strangers === undefined ? {} : { strangersShare: strangers / 100 }),
    },
    rounds: {
      ...(period === undefined ? {} : { periodMs: period * 1_000 }),
      ...(wait === undefined ? {} : { waitSeconds: wait }),
      ...(strands === undefined ? {} : { strands }),
    },
    ...(neighbours === undefined ? {} : { neighbours }),
    ...(fanout === undefined ? {} : { fanout }),
  }
  return { replica: settings }
}
