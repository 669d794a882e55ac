/**
 * A compact JWS whose signature is another one, whatever it was. The change is in the first half of it: the last bytes of
 * an Ed25519 signature are often zero, so that writing zeros there changes nothing one time in some.
 */
export function changedSignature(jws: string): string {
  const at = jws.lastIndexOf('.') + 1
  return `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`
}
