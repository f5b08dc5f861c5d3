/** What the index of the site and its search field share. */
export const OPTIONS = {
  fields: ["heading", "title", "text"],
  storeFields: ["title", "heading"],
  searchOptions: { boost: { heading: 4, title: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
};
