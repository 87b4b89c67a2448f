// A MongoDB-compatible server for the tests: FerretDB on SQLite, behind a proxy that passes on one message of a
// database at a time, since FerretDB's updates are not atomic.
//
//	ferretdb FOLDER [PORT]
//
// prints "listening on 127.0.0.1:PORT" and serves until its standard input ends or it gets a signal.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// Reads one MongoDB message. Its first four bytes are its length, including themselves.
const (
	headerBytes = 4
	maxMessage  = 64 << 20
)

func readMessage(from *bufio.Reader) ([]byte, error) {
	header, err := from.Peek(headerBytes)
	if err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header)
	if length < 16 || length > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	message := make([]byte, length)
	_, err = io.ReadFull(from, message)
	return message, err
}

// The lock of each database, by its name.
type turns struct {
	sync.Mutex
	of map[string]*sync.Mutex
}

func (t *turns) turn(database string) *sync.Mutex {
	t.Lock()
	defer t.Unlock()
	if t.of[database] == nil {
		t.of[database] = &sync.Mutex{}
	}
	return t.of[database]
}

// The BSON element "$db" of a command is a string: its type, its name, the length of its value, and the value.
var dbElement = []byte("\x02$db\x00")

// Returns the database that the message is for; "" if it names none, as the messages before OP_MSG.
func databaseOf(message []byte) string {
	at := bytes.Index(message, dbElement)
	if at < 0 {
		return ""
	}
	_, name, _ := bytes.Cut(message[at:], dbElement)
	if len(name) < 4 {
		return ""
	}
	name, _, _ = bytes.Cut(name[4:], []byte{0})
	return string(name)
}

// Every request for a database waits for the answer to the one before it.
func serve(client net.Conn, address string, all *turns) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	requests, answers := bufio.NewReaderSize(client, 1<<16), bufio.NewReaderSize(server, 1<<16)
	for {
		request, err := readMessage(requests)
		if err != nil {
			return
		}
		turn := all.turn(databaseOf(request))
		turn.Lock()
		_, err = server.Write(request)
		var answer []byte
		if err == nil {
			answer, err = readMessage(answers)
		}
		turn.Unlock()
		if err != nil {
			return
		}
		if _, err = client.Write(answer); err != nil {
			return
		}
	}
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: ferretdb FOLDER [PORT]")
	}
	folder, err := filepath.Abs(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err = os.MkdirAll(folder, 0o755); err != nil {
		log.Fatal(err)
	}
	port := "0"
	if len(os.Args) > 2 {
		port = os.Args[2]
	}
	// It makes much garbage; memory is there.
	debug.SetGCPercent(400)
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))

	// FerretDB does not report the port that it got for ":0", so a free port is found first.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	behind := free.Addr().String()
	free.Close()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	db, err := ferretdb.New(&ferretdb.Config{
		Handler: "sqlite",
		// The files are gone with the tests, so nothing has to survive the loss of power.
		SQLiteURL: "file:" + folder + "/?_pragma=synchronous(off)",
		Listener:  ferretdb.ListenerConfig{TCP: behind},
	})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx) }()

	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	all := &turns{of: map[string]*sync.Mutex{}}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(client, behind, all)
		}
	}()
	// The parent process holds standard input open, so this process ends with it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	fmt.Printf("listening on %s\n", listener.Addr())
	<-ctx.Done()
	listener.Close()
	<-ended
}
