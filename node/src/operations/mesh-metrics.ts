/** The figures of the mesh in the format of Prometheus. Everything is counted already: a scrape copies numbers. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { MeshFigures } from '../mesh/mesh-figures.ts'

type Read = (now: MeshFigures) => number | Readonly<Record<string, number>>

/** @param label of a figure with several parts @param figures as they are at this scrape */
export function addMeshMetrics(registry: Registry, figures: () => Promise<MeshFigures>): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: Read, label = 'state') =>
    new Gauge({
      ...{ name, help, registers, labelNames: [label] },
      async collect() {
        this.reset()
        for (const [labels, count] of parts(read(await figures()), label)) this.set(labels, count)
      },
    })
  const counter = (name: string, help: string, read: Read, label = 'outcome') =>
    new Counter({
      ...{ name, help, registers, labelNames: [label] },
      async collect() {
        this.reset()
        for (const [labels, count] of parts(read(await figures()), label)) this.inc(labels, count)
      },
    })
  gauge('hansa_mesh_kernels', 'Kernels whose manifests are in the replica.', ({ kernels }) => kernels)
  gauge('hansa_replica_bytes', 'Records of the replica as they were signed.', ({ bytes }) => bytes)
  gauge(
    'hansa_mesh_neighbours',
    'Neighbours by state: open (a channel is), answering (single requests), silent (did not answer the last time).',
    ({ neighbours }) => neighbours,
  )
  gauge(
    'hansa_channels',
    'Channels that are open, by who opened them: opened or taken.',
    ({ channels }) => channels,
    'by',
  )
  counter('hansa_frames_total', 'Frames over channels: sent or received.', ({ frames }) => frames, 'direction')
  counter(
    'hansa_replica_rounds_total',
    'Reconciliations with neighbours: equal, changed, failed (no answer), refused (an invalid record).',
    ({ rounds }) => rounds,
  )
  counter(
    'hansa_replica_records_total',
    'Records that came, by what became of them: accept, ignore (known, old, no room), reject (invalid).',
    ({ records }) => records,
  )
  counter('hansa_replica_pushes_total', 'Messages with what is new to neighbours.', ({ pushes }) => pushes)
  counter(
    'hansa_replica_bytes_total',
    'Bytes of reconciliations and of what is new: sent or received.',
    ({ traffic }) => traffic,
    'direction',
  )
  counter(
    'hansa_gossip_total',
    'Gossip of the libp2p host: published, and what came, by accept, ignore, reject.',
    ({ gossip }) => gossip,
  )
  gauge('hansa_host_connections', 'Connections of the libp2p host, by direction.', ({ host }) => host, 'direction')
  counter(
    'hansa_dht_total',
    'Questions to the DHT: asked, found (a record that verifies), announced (the own record was taken).',
    ({ dht }) => dht,
  )
}

function parts(value: ReturnType<Read>, label: string): [Record<string, string>, number][] {
  if (typeof value === 'number') return [[{}, value]]
  return Object.entries(value).map(([part, count]) => [{ [label]: part }, count])
}
