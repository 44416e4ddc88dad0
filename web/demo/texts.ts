// What the shop says, in both languages.
const en = {
  kicker: 'One drop. No restock.',
  name: 'Halden One',
  price: '€199',
  before: '€349',
  about: 'Closed-back headphones in oiled walnut and brushed steel. Made once, numbered by hand, sold at one moment.',
  fact1: 'One for each buyer',
  fact2: 'Ships in two days',
  fact3: 'Thirty days to change your mind',
  behind: 'Behind the counter',
  inDev: 'This shop is a demo. The box with the button is one line of HTML; everything else is the shop’s own.',
  notInDev: 'This shop is a demo for a server that was started with --dev; here nobody says who you are, so you can look and not buy.',
  fresh: 'Open a new drop in ten seconds',
  another: 'Be somebody else',
  console: 'Console',
  signedIn: 'Signed in as',
  paid: 'Paid. Thank you!',
  notPaid: 'That could not be paid: the time was up.',
  notStarted: 'No new drop could be made.',
  drop: 'Halden One, a drop of three',
};

export type Texts = typeof en;

const zh: Texts = {
  kicker: '仅此一次，不再补货',
  name: 'Halden One 头戴耳机',
  price: '¥1,499',
  before: '¥2,699',
  about: '油浸胡桃木与拉丝钢打造的封闭式耳机。只做一次，手工编号，同一时刻开售。',
  fact1: '每人限购一件',
  fact2: '两天内发货',
  fact3: '三十天无理由退货',
  behind: '柜台之后',
  inDev: '这是一个演示商店。带按钮的方框只需一行 HTML，其余均为商店自有内容。',
  notInDev: '此演示商店需要以 --dev 启动的服务器；此处无人说明您是谁，因此只能浏览，不能购买。',
  fresh: '十秒后开启新一轮',
  another: '换一位买家',
  console: '控制台',
  signedIn: '当前买家：',
  paid: '已付款，谢谢！',
  notPaid: '未能付款：时间已过。',
  notStarted: '无法开启新一轮。',
  drop: 'Halden One 限量三件',
};

export const TEXTS = { en, zh };
