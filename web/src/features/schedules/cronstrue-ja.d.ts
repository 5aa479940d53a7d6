/** The package has no types for its locales; this one has the same face as the package itself. */
declare module "cronstrue/locales/ja" {
  import cronstrue from "cronstrue";
  export default cronstrue;
}
