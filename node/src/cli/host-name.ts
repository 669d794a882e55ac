/** Whether a text is a host as a certificate can name it: a DNS name or an address, which the URL parser leaves as it is. */
export function isHost(text: string): boolean {
  if (text.length > 253) return false
  if (text.includes(':')) return URL.canParse(`https://[${text}]`)
  return URL.parse(`https://${text}`)?.hostname === text.toLowerCase() && /^[\w.-]+$/.test(text)
}
