/** Figures for Prometheus. Each is read when it is asked for, except what can only be counted. */
import { Counter, Gauge, Registry } from 'prom-client'

export type RegistryFigures = {
  listings(): Promise<number>
  entries(): Promise<number>
  readers(): number
  indexed(): number
  followed(): { url: string; connected: boolean }[]
}

export interface RegistryMetrics {
  /** @param code `ok`, or the code of the refusal. */
  answered(route: string, code: string): void
  rateLimited(): void
  /** Text exposition format. */
  text(): Promise<string>
}

export function registryMetrics(figures: RegistryFigures): RegistryMetrics {
  const registers = [new Registry()]
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read())
      },
    })
  gauge('hansa_registry_listings', 'Kernels that are alive.', () => figures.listings())
  gauge('hansa_registry_log_entries', 'Entries of the log.', () => figures.entries())
  gauge('hansa_registry_watch_readers', 'Readers of the watch stream.', () => figures.readers())
  gauge('hansa_registry_indexed_entries', 'Entries of the log that a search sees.', () => figures.indexed())
  new Gauge({
    name: 'hansa_registry_followed',
    help: 'Registries that are followed: 1 while their stream is read.',
    labelNames: ['registry'] as const,
    registers,
    collect() {
      for (const { url, connected } of figures.followed()) this.set({ registry: url }, connected ? 1 : 0)
    },
  })
  const answered = new Counter({
    name: 'hansa_registry_requests_total',
    help: 'Requests, by route and what was answered: ok, or a code.',
    labelNames: ['route', 'code'] as const,
    registers,
  })
  const limited = new Counter({
    name: 'hansa_registry_rate_limited_total',
    help: 'Writes that an address sent beyond its share.',
    registers,
  })
  return {
    answered: (route, code) => answered.inc({ route, code }),
    rateLimited: () => limited.inc(),
    text: () => registers[0]?.metrics() ?? Promise.resolve(''),
  }
}
