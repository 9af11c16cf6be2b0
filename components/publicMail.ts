/** Mail services that are at home under many endings, such as yahoo.co.uk and outlook.com.br. */
const publicMailFamilies =
  /^(gmail|googlemail|yahoo|ymail|rocketmail|hotmail|outlook|live|msn|windowslive|aol|aim|icloud|gmx|yandex|proton|protonmail|tutanota|tuta|fastmail|zoho|zohomail|hushmail|mailinator)\.(com?\.)?[a-z]{2,3}$/;

/** Domains at which anybody can have an address; the larger ones of each continent. */
const publicMail = new Set(
  `me.com mac.com pm.me tutamail.com keemail.me mail.com email.com hey.com web.de t-online.de freenet.de posteo.de
   mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it wp.pl o2.pl onet.pl interia.pl
   seznam.cz mail.ru bk.ru inbox.ru list.ru rambler.ru ya.ru qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net
   hanmail.net rediffmail.com uol.com.br bol.com.br ig.com.br terra.com.br`.split(/\s+/),
);

/** Whether anybody can have an address at a domain, which is in lower case. */
export function isPublicMail(domain: string): boolean {
  return publicMail.has(domain) || publicMailFamilies.test(domain);
}
