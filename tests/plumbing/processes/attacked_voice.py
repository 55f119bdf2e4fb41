import attacked

attacked.main("agent.hearing.voice")
