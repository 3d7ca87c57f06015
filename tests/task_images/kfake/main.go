// A broker of Kafka for tests: kfake, with one line that says where it listens.
//
//	kfake [-host ADDRESS] [-user NAME -password-file FILE] [-cert FILE -key FILE] TOPIC:PARTITIONS...
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	host := flag.String("host", "127.0.0.1", "the address to listen on")
	user := flag.String("user", "", "who may come in, by SCRAM-SHA-512")
	secret := flag.String("password-file", "", "the file with the password")
	cert := flag.String("cert", "", "the certificate to show")
	key := flag.String("key", "", "its key")
	flag.Parse()
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.ListenFn(func(network, _ string) (net.Listener, error) {
		return net.Listen(network, *host+":0")
	})}
	for _, each := range flag.Args() {
		name, number, _ := strings.Cut(each, ":")
		count, err := strconv.Atoi(number)
		check(err)
		options = append(options, kfake.SeedTopics(int32(count), name))
	}
	if *user != "" {
		password, err := os.ReadFile(*secret)
		check(err)
		options = append(options, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", *user, string(password)))
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		check(err)
		options = append(options, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	}
	cluster, err := kfake.NewCluster(options...)
	check(err)
	fmt.Println(cluster.ListenAddrs()[0])
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	cluster.Close()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
