/** What is known of capabilities, own and imported, callable or not; for people who decide about them. */
import type { CapabilityDescriptor, CapabilityDetail, CapabilityInfo, CapabilityRef } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { mentioningRules } from '@hansa/trust'
import { type Detectors, screenDescription } from '../firewall/index.ts'
import type { KernelRevocations } from '../revocation/kernel-revocations.ts'
import type { ConfiguredCapabilities, ToolClaim } from './configured-capabilities.ts'
import type { ImportDesk } from './import-desk.ts'
import { describeCapability, type ListedCapability, type LocalCapabilities } from './local-capabilities.ts'
import type { OpenCapability } from './open-capabilities.ts'
import type { PolicyHolder } from './policy-holder.ts'
import { ShownCapabilities } from './shown-capabilities.ts'

export type CapabilityDeskComponents = {
  locals: LocalCapabilities
  configured: ConfiguredCapabilities
  imports: Pick<ImportDesk, 'capabilities' | 'described' | 'descriptorOf'>
  policy: Pick<PolicyHolder, 'current'>
  revocations: Pick<KernelRevocations, 'revoked'>
  detectors: Detectors
}

export class CapabilityDesk {
  readonly #c: CapabilityDeskComponents
  readonly #shown: ShownCapabilities

  constructor(components: CapabilityDeskComponents) {
    this.#c = components
    this.#shown = new ShownCapabilities(components.detectors)
  }

  async list(): Promise<CapabilityInfo[]> {
    const { locals, configured, imports } = this.#c
    const own = [...locals.list().map((listed) => this.#infoOf(listed)), ...configured.listWithheld()]
    const foreign = (await imports.capabilities()).map((info) => this.#screened(info))
    return [...own.sort((a, b) => (a.ref < b.ref ? -1 : 1)), ...foreign]
  }

  /** What has been classified, each with its descriptor. */
  async described(): Promise<OpenCapability[]> {
    const { locals, configured, imports } = this.#c
    const own = locals.list().map(({ descriptor, ...listed }) => {
      const described = { info: this.#infoOf({ descriptor, ...listed }), descriptor }
      if (configured.find(descriptor.id)?.tool === undefined) return described
      // The schemas are of a stranger; the texts are screened already, or the operator's own.
      const { input_schema, output_schema } = this.#shown.of(described).descriptor
      const schemas = { input_schema, ...(output_schema === undefined ? {} : { output_schema }) }
      return { ...described, descriptor: { ...descriptor, ...schemas } }
    })
    return [...own, ...imports.described().map((described) => this.#shown.of(described))]
  }

  /** @throws CallError `not_found`. */
  async detail(ref: CapabilityRef): Promise<CapabilityDetail> {
    const info = (await this.list()).find((listed) => listed.ref === ref)
    if (info === undefined) {
      const message = `not_found: There is no capability ${ref}. See what there is with: hansa capability list`
      throw new CallError({ code: 'not_found' }, message)
    }
    const { configured, policy } = this.#c
    const withheld = info.state === 'available' ? undefined : configured.withheld(ref)
    const tool = withheld?.tool ?? configured.find(ref)?.tool
    const waits = info.state === 'suspended' || info.state === 'blocked'
    return {
      ...info,
      ...factsOf(this.#descriptorOf(ref)),
      ...(tool === undefined ? {} : { tool: claimOf(tool) }),
      changes: waits && info.reason !== undefined ? info.reason.split('; ') : [],
      rules: mentioningRules(policy.current, ref).map(({ id, effect, subject, action, resource, when }) => ({
        id,
        effect,
        subject: [...subject],
        action: [...action],
        resource: [...resource],
        ...(when === undefined ? {} : { when }),
      })),
    }
  }

  /** A peer wrote it, and people and models read it. */
  #screened({ title, description, ...info }: CapabilityInfo): CapabilityInfo {
    const read = (text: string) => screenDescription(text, this.#c.detectors).text
    return { ...info, title: read(title), description: read(description) }
  }

  #descriptorOf(ref: CapabilityRef): CapabilityDescriptor | undefined {
    const { locals, configured, imports } = this.#c
    const withheld = configured.withheld(ref)
    return (
      locals.descriptor(ref) ??
      imports.descriptorOf(ref) ??
      (withheld && describeCapability(withheld.definition).descriptor)
    )
  }

  #infoOf({ descriptor, service }: ListedCapability): CapabilityInfo {
    const { id, title, description, safety, sensitivity, hash } = descriptor
    const since = service?.awaySince
    const source = this.#c.configured.find(id)?.at
    const revoked = this.#c.revocations.revoked('capability', id)
    return {
      ref: id,
      kind: descriptor.kind ?? 'tool',
      title,
      description,
      safety,
      sensitivity,
      state: revoked !== undefined ? 'blocked' : since === undefined ? 'available' : 'unavailable',
      ...(revoked === undefined ? {} : { reason: `revoked: ${revoked.reason || 'no reason was given'}` }),
      ...(service === undefined ? {} : { servedBy: service.owner }),
      ...(since === undefined ? {} : { since }),
      ...(source === undefined ? {} : { source }),
      hash,
    }
  }
}

type Facts = Pick<
  CapabilityDetail,
  'version' | 'tags' | 'idempotent' | 'obligations' | 'limits' | 'inputSchema' | 'outputSchema'
>

function factsOf(descriptor: CapabilityDescriptor | undefined): Facts {
  if (descriptor === undefined) return { tags: [], obligations: [], limits: {}, inputSchema: '{}' }
  const { ver, tags, idempotent, obligations, limits, input_schema, output_schema } = descriptor
  const output = output_schema === undefined ? {} : { outputSchema: output_schema }
  return { version: ver, tags, idempotent, obligations, limits, inputSchema: input_schema, ...output }
}

function claimOf({ annotations, ...claim }: ToolClaim): NonNullable<CapabilityDetail['tool']> {
  // Annotations were JSON when they arrived.
  return annotations === undefined ? claim : { ...claim, annotations: JSON.parse(JSON.stringify(annotations)) }
}
