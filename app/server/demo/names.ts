import type { Chance } from "./chance";

/** Words that name no real company, combined by `companies`. */
const families = {
  english: {
    weight: 26,
    first:
      "Thistlewick Copperdene Marlowbrook Foxhollow Larkspire Gingerfield Rookswater Bramblecote Tinderbank Quillmoor Oakenshaw Pebblesea".split(
        " ",
      ),
    last: [
      "Logistics",
      "Analytics Ltd",
      "Foods",
      "Robotics Inc.",
      "& Daughters",
      "Health Trust",
      "Software",
      "Ceramics LLC",
      "Mutual",
      "Rail",
    ],
  },
  german: {
    weight: 14,
    first: "Grünwaldter Öhlhafen Kiebitzer Fährmannsrieth Süßkirch Moosbrügger Weißdornau Käuzlein Torfhaus".split(" "),
    last: [
      "GmbH",
      "& Söhne Maschinenbau GmbH",
      "Medizintechnik AG",
      "Verlag",
      "Getränke KG",
      "Stadtwerke",
      "Präzisionsgetriebe GmbH & Co. KG",
    ],
  },
  french: {
    weight: 10,
    first: ["Atelier de la Brume", "Maison Églantine", "Les Trois Hérons", "Côte-Verglas", "Société Belle-Écluse", "Forêt d’Aubrelin"],
    last: ["", "SARL", "SAS", "Conseil", "Édition", "Aérospatiale"],
  },
  iberian: {
    weight: 11,
    first: ["Peñarriba", "Alcázar del Viento", "Cañón Sereno", "São Tibério", "Ribeirão das Corujas", "Montaña Ámbar", "Olivãozinho"],
    last: ["S.A.", "y Hermanas", "Ltda.", "Energía", "Logística", "Tecnologia", "Café"],
  },
  nordic: {
    weight: 8,
    first: "Björkhultsvik Ålderfjord Tuulenpesä Hrafnsvogur Snøklokken Kärppälä Østergrav Sjöbris".split(" "),
    last: ["AB", "Oy", "ApS", "ehf.", "Energi", "Shipping AS", "Design"],
  },
  westSlavic: {
    weight: 7,
    first: ["Żółta Łąka", "Modrý Čáp", "Jelení Skála", "Szarotka Górska", "Źdźbło i Syn", "Vlčí Mlýn"],
    last: ["", "sp. z o.o.", "s.r.o.", "Software", "Data"],
  },
  eastAndSouthSlavic: {
    weight: 5,
    first: ["Северный Клеверок", "Тиха Заплава", "Крылатая Рысь", "Бяла Върба", "Ћубасти Чвор"],
    last: ["", "Лаб", "д.о.о.", "Логистика"],
  },
  turkicAndGreek: {
    weight: 6,
    first: ["Gümüş Çınar", "Yıldız İskelesi", "Kızılağaç Köprü", "Ασημένια Ελιά", "Θαλασσινό Φως", "Şafak Öyküsü"],
    last: ["", "A.Ş.", "Α.Ε.", "Teknoloji", "Lojistik"],
  },
  japanese: {
    weight: 8,
    first: ["蒼月精機", "霧笛ソフト", "柿ノ木坂物流", "あさぎり製菓", "銀杏岬水産", "ひなげし書房"],
    last: ["株式会社", "有限会社", "", "ホールディングス"],
  },
  chinese: {
    weight: 8,
    first: ["青砾数据", "云鹭科技", "松影医疗", "晚稻食品", "石榴海物流", "霽月設計"],
    last: ["有限公司", "集团", "股份有限公司", ""],
  },
  korean: { weight: 5, first: ["(주)하늘새김", "은여울소프트", "참나리물산", "솔그늘출판"], last: ["", "코리아", "연구소"] },
  arabicAndPersian: {
    weight: 7,
    first: ["شركة نخلة القمر الأزرق", "مؤسسة بحر العنبر", "دار الياسمين البعيد", "گروه سیمرغ آبی", "واحة السهيل الأخير"],
    last: ["للتقنية", "للتجارة", "", "القابضة", "ذ.م.م"],
  },
  hebrew: { weight: 3, first: ["אורן הגליל", "שקד ומגדלור", "רוח כחולה"], last: ["מערכות בע״מ", "תוכנה", ""] },
  indic: {
    weight: 8,
    first: ["नीलपंख सागर", "Chandrakiran Deep", "মেঘনা শালিক", "முல்லை அலை", "Suvarna Vriksha", "ਸੁਨਹਿਰੀ ਬੋਹੜ"],
    last: ["Pvt. Ltd.", "Textiles", "प्राइवेट लिमिटेड", "Systems", ""],
  },
  african: {
    weight: 7,
    first: "Mti-Mkavu Oríṣun-Omi Umlilo-Omncane Ndizi-Njano Àṣálẹ́ Tsehay-Bèr Kgwedi-Ntsho".split(" "),
    last: ["Ltd", "Cooperative", "Mobile", "(Pty) Ltd", "Savings", "Farms"],
  },
  southEastAsian: {
    weight: 6,
    first: ["Sông Lụa Xanh", "Trăng Vườn Cau", "Kembang Senjakala", "ดอกแก้วริมน้ำ", "Bulan Tenggara", "Dahong Habagat"],
    last: ["JSC", "Tbk", "จำกัด", "Sdn. Bhd.", "Corp."],
  },
  withEmoji: {
    weight: 7,
    first: ["🦊 Foxfennel", "Pickle 🥒 Post", "🚲🚲 Twinwheel", "Nimbus ☁️ Nap", "👩🏽‍🚀 Orbitella", "🪁 Kitebound", "Snack🍙Stack"],
    last: ["Labs", "Club", "", "HQ", "Games"],
  },
  short: { weight: 5, first: "Q7 Ō Ünt 7h X–Y Æl Wq 零 ϟK".split(" "), last: [""] },
  long: {
    weight: 5,
    first: [
      "The Allied Cooperative Society of Lighthouse Keepers, Ferry Pilots and Harbour Clockmakers of the Outer Skerries",
      "Internationale Arbeitsgemeinschaft zur Erforschung und Pflege handgezogener Spieluhrenwalzen",
      "Confédération interrégionale des coopératives de tisserands, teinturiers et dentellières des vallées hautes",
      "Llanfihangelwyddelan-y-Gwyntoedd Community Energy and Broadband Benefit Society",
    ],
    last: ["", "(Northern Branch)", "e. V.", "plc", "and Partners in Liquidation of Paper Forms"],
  },
} as const;

const towns = ["Ostervale", "Mirasola", "Kestrel Bay", "Lindqvara", "Aldermoor", "Port Hesper", "Sankt Ottil", "Vila Serrinha"];

export type Company = { key: string; name: string };

/** Returns this many companies with unique keys and names. */
export function companies(count: number, chance: Chance): Company[] {
  const weights = Object.fromEntries(Object.entries(families).map(([name, { weight }]) => [name, weight]));
  const keys = new Set<string>();
  const made = new Map<string, Company>();
  while (made.size < count) {
    const { first, last } = families[chance.weighted(weights) as keyof typeof families];
    const plain = `${chance.pick(first)} ${chance.pick<string>(last)}`.trim();
    // When words run out, the next company is a branch.
    const name = made.has(plain) ? `${plain} (${chance.pick(towns)})` : plain;
    if (made.has(name)) continue;
    const slug = slugOf(name);
    const key = slug.length > 3 && !keys.has(slug) ? slug : `org-${chance.between(10_000, 99_999)}`;
    if (keys.has(key)) continue;
    keys.add(key);
    made.set(name, { key, name });
  }
  return [...made.values()];
}

function slugOf(name: string): string {
  const plain = name.normalize("NFD").replace(/\p{M}/gu, "").replace(/ß/g, "ss").toLowerCase();
  const isMostlyLatin = plain.replace(/[^a-z]/g, "").length * 2 > plain.length;
  return isMostlyLatin
    ? plain
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(0, 48)
    : "";
}
