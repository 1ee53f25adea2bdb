/* The least that a reader built on libpcap does: it looks at each packet's length.  loop_pcap FILE */
#include <pcap/pcap.h>
#include <stdio.h>

static void count(unsigned char *sum, const struct pcap_pkthdr *h, const unsigned char *bytes)
{
	(void)bytes;
	*(unsigned long long *)(void *)sum += h->len;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	unsigned long long sum = 0;
	pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;

	if (!pcap) {
		fprintf(stderr, "%s\n", argc == 2 ? why : "usage: loop_pcap FILE");
		return 2;
	}
	if (pcap_loop(pcap, 0, count, (unsigned char *)&sum) < 0)
		pcap_perror(pcap, "loop_pcap");
	printf("%llu bytes\n", sum);
	pcap_close(pcap);
	return 0;
}
