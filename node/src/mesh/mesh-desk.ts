/** What an operator asks and says about the mesh that this kernel takes part in. */
import { type ActiveView, httpEndpoint, type PeerManifestVerdict, type Place } from '@hansa/mesh'
import {
  CallError,
  type Clock,
  type Did,
  type EventLogger,
  type JoinMesh,
  type LeaveMesh,
  type MeshKernel,
  type MeshNeighbour,
  type MeshOperator,
  type MeshStatus,
  type PeerAlias,
  type PeerChannel,
} from '@hansa/protocols'
import type { PeerStanding } from '../standing/standing.ts'
import type { KnownKernel, KnownKernels } from './known-kernels.ts'
import type { Membership } from './membership.ts'

/** Kernels that are listed; there may be more. */
const MAX_LISTED = 1_000

export type MeshDeskComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  membership: Membership
  view: ActiveView
  known: Pick<KnownKernels, 'all'>
  /** A manifest from outside, checked as every other. */
  check(jws: string): Promise<PeerManifestVerdict>
  /** Fetches from one kernel what it knows, and tells it what it does not. @returns why it did not come to that */
  reconcile(place: Place, manifest: string): Promise<string | undefined>
  /** Tells the neighbours, signed, that this kernel is no longer listed. */
  farewell(): Promise<void>
  standing(peer: Did): PeerStanding | undefined
  importsOf(peer: Did): readonly PeerAlias[]
  /** Channels that are open now. */
  channels(): readonly PeerChannel[]
}

export class MeshDesk implements MeshOperator {
  readonly #c: MeshDeskComponents

  constructor(components: MeshDeskComponents) {
    this.#c = components
  }

  async join({ manifest, by }: JoinMesh): Promise<MeshStatus> {
    const { membership, view, reconcile, logger } = this.#c
    const place = manifest === undefined ? undefined : await this.#place(manifest)
    await membership.join(by, place)
    logger.info('mesh.joined', { ...(place === undefined ? {} : { peer: place.did }) })
    if (place === undefined || manifest === undefined) return await this.status()
    // It is a neighbour before it is asked, so that what it answers is noted.
    view.neighbours()
    const fault = await reconcile(place, manifest)
    if (fault === undefined) return await this.status()
    const message = `remote_refused: ${place.name ?? place.did} did not answer: ${fault}. This node takes part, and asks it again.`
    throw new CallError({ code: 'remote_refused' }, message)
  }

  async leave({ by }: LeaveMesh): Promise<MeshStatus> {
    const { membership, farewell, logger } = this.#c
    if (membership.since === undefined) throw refused('this kernel takes part in no mesh')
    // While there is somebody to tell.
    await farewell()
    await membership.leave(by)
    logger.info('mesh.left', {})
    return await this.status()
  }

  async status(): Promise<MeshStatus> {
    const { membership, known, self } = this.#c
    const { since } = membership
    const others = [...known.all()].filter(({ did }) => did !== self)
    others.sort((a, b) => compare(a.name ?? '', b.name ?? '') || compare(a.did, b.did))
    return {
      member: since !== undefined,
      ...(since === undefined ? {} : { since }),
      neighbours: this.neighbours(),
      kernels: others.length,
      known: others.slice(0, MAX_LISTED).map((kernel) => this.#shown(kernel)),
    }
  }

  /** @throws CallError `invalid_request` with what is wrong. */
  async #place(jws: string): Promise<Place> {
    const verdict = await this.#c.check(jws)
    if (!verdict.ok) throw refused(verdict.reason)
    const { manifest } = verdict.signed
    if (manifest.kernel_id === this.#c.self) throw refused('this is the manifest of this kernel itself')
    const endpoint = httpEndpoint(manifest)
    if (endpoint === undefined) throw refused('the kernel names no endpoint at which it could be asked')
    return { did: manifest.kernel_id, endpoint, ...(manifest.name === undefined ? {} : { name: manifest.name }) }
  }

  neighbours(): MeshNeighbour[] {
    if (this.#c.membership.since === undefined) return []
    const open = new Map(this.#c.channels().map(({ peer, proto }) => [peer, proto ?? 'opened by it']))
    return this.#c.view.neighbours().map((neighbour) => {
      const channel = open.get(neighbour.did)
      return channel === undefined ? neighbour : { ...neighbour, channel }
    })
  }

  #shown(kernel: KnownKernel): MeshKernel {
    const standing = this.#c.standing(kernel.did)
    return {
      ...kernel,
      ...(standing === undefined ? {} : { score: standing.score, tier: standing.tier }),
      imports: [...this.#c.importsOf(kernel.did)],
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function refused(reason: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${reason}.`)
}
