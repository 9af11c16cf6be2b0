/** What `nft list table inet agent_guard` prints on a server as the production profile leaves it. */
export const goodGuard = `table inet agent_guard {
	set denied4 {
		type ipv4_addr
		flags interval
		auto-merge
		elements = { 0.0.0.0/8, 10.0.0.0/8,
			     100.64.0.0/10, 127.0.0.0/8,
			     169.254.0.0/16, 172.16.0.0/12,
			     192.0.0.0/24, 192.168.0.0/16,
			     198.18.0.0/15, 224.0.0.0/3 }
	}

	set denied6 {
		type ipv6_addr
		flags interval
		auto-merge
		elements = { ::/127,
			     ::ffff:0.0.0.0/96,
			     64:ff9b::/96,
			     64:ff9b:1::/48,
			     2002::/16,
			     fc00::/7,
			     fe80::/10,
			     ff00::/8 }
	}

	chain forward {
		type filter hook forward priority filter - 10; policy accept;
		iifname != { "ag-*", "br-*", "docker*" } oifname != { "ag-*", "br-*", "docker*" } return
		ct state established,related accept
		ct state invalid drop
		iifname != { "ag-*", "br-*", "docker*" } counter packets 0 bytes 0 drop
		oifname { "ag-*", "br-*", "docker*" } return
		ip daddr @denied4 counter packets 0 bytes 0 reject with icmpx admin-prohibited
		ip6 daddr @denied6 counter packets 0 bytes 0 reject with icmpx admin-prohibited
		tcp dport { 22, 23, 25, 135, 139, 445, 465, 587, 2525, 3389 } counter packets 0 bytes 0 reject with icmpx admin-prohibited
		tcp dport != { 53, 80, 443, 7844 } counter packets 0 bytes 0 reject with icmpx admin-prohibited
		udp dport != { 53, 443, 7844 } counter packets 0 bytes 0 reject with icmpx admin-prohibited
		meta l4proto != { icmp, tcp, udp, ipv6-icmp } counter packets 0 bytes 0 reject with icmpx admin-prohibited
	}

	chain input {
		type filter hook input priority filter - 10; policy accept;
		iifname { "ag-*", "br-*", "docker*" } ct state established,related accept
		iifname { "ag-*", "br-*", "docker*" } counter packets 0 bytes 0 drop
	}
}
`;
