import { type AllowPrivate, addressGuard } from './address.ts'
import { fetchTarget, portOf } from './fetch-target.ts'

/**
 * Why a guarded fetch would never ask for a URL that an operator wrote down, whatever its name resolves to: then the
 * configuration can say so. The port is one that the operator means.
 * @returns undefined when it might.
 * @throws MeshError `invalid_address_range`
 */
export function urlRefusal(text: string, allowPrivate: AllowPrivate): string | undefined {
  const url = URL.parse(text)
  const target = fetchTarget(text, addressGuard(allowPrivate), url === null ? [] : [portOf(url)])
  return target.ok ? undefined : target.reason
}
