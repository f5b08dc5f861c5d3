/** A model file, as the rule in wrangler.model.jsonc imports it. */
declare module "*.fettle" {
  const bytes: ArrayBuffer;
  export default bytes;
}
