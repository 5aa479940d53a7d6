import i18n from "i18next";
import { initReactI18next } from "react-i18next";

import en from "./en.json";
import ja from "./ja.json";

type Words = { [key: string]: string | Words };

/** Each part of the product has its own words, beside the common ones. */
const parts = import.meta.glob<Words>("./parts/*.json", { eager: true, import: "default" });

function words(language: Language, common: Words): Words {
  const own = Object.entries(parts).filter(([path]) => path.endsWith(`.${language}.json`));
  return Object.assign({}, common, ...own.map(([, found]) => found)) as Words;
}

export const LANGUAGES = ["ja", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = "ccplant.language";

/** Japanese first; English for whoever asks for it, or whose browser prefers it to Japanese. */
export function preferred(stored: string | null, browser: readonly string[]): Language {
  if (stored === "ja" || stored === "en") return stored;
  const known = browser.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === "ja" || tag === "en");
  return known === "en" ? "en" : "ja";
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  void i18n.changeLanguage(language);
}

export function language(): Language {
  return i18n.language === "en" ? "en" : "ja";
}

/** A sentence that the server has in both languages. */
export function inLanguage(text: { ja?: string; en?: string } | null | undefined): string {
  return text?.[language()] ?? text?.en ?? text?.ja ?? "";
}

void i18n.use(initReactI18next).init({
  resources: { ja: { translation: words("ja", ja) }, en: { translation: words("en", en) } },
  lng: preferred(localStorage.getItem(KEY), navigator.languages),
  fallbackLng: "en",
  interpolation: { escapeValue: false },
  returnNull: false,
  initAsync: false,
});
const tell = (tag: string): void => {
  document.documentElement.lang = tag;
};
i18n.on("languageChanged", tell);
tell(i18n.language);

export { i18n };
